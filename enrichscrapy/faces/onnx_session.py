"""ONNX Runtime, opened on bytes that were checked before: on the CPU, or on CUDA where it is."""

from __future__ import annotations

import onnxruntime

from enrichscrapy.exceptions import BadSetting, WeightsError
from enrichscrapy.facts.text import fold_error

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
# Errors reach us as exceptions; its own lines on stderr would be a second message.
ONLY_FATAL = 4


def pick_providers(device: str) -> list[str]:
    """For ``FACE_DEVICE`` auto, cpu or cuda; ``BadSetting`` for a GPU that it cannot use."""
    has_cuda = CUDA in onnxruntime.get_available_providers()
    if device == "cuda" and not has_cuda:
        raise BadSetting(
            "FACE_DEVICE=cuda but this ONNX Runtime has no CUDA: install onnxruntime-gpu in its "
            "place, or use auto or cpu"
        )
    return [CUDA, CPU] if has_cuda and device != "cpu" else [CPU]


def open_session(model: bytes, device: str, threads: int) -> onnxruntime.InferenceSession:
    """A session on the bytes of a model; ``WeightsError`` when ONNX Runtime refuses them."""
    providers = pick_providers(device)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ONLY_FATAL
    try:
        # With one provider there is nothing to fall back to: it would print and try again.
        falls_back = len(providers) > 1
        session = onnxruntime.InferenceSession(
            model, options, providers=providers, enable_fallback=falls_back
        )
    except Exception as error:  # it raises classes of its own, all but a few undocumented
        raise WeightsError(f"ONNX Runtime refuses the model: {fold_error(error)}") from error
    if device == "cuda" and CUDA not in session.get_providers():
        raise BadSetting(
            "FACE_DEVICE=cuda but ONNX Runtime fell back to the processor: its CUDA libraries do "
            "not load; use auto or cpu, or repair them"
        )
    return session
