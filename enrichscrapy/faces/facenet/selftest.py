"""Does the network see what it was trained to see? Asked once at every start.

A swapped channel or a wrong scaling costs one or two points of accuracy and raises nothing, so
nobody would notice; here it raises :class:`WeightsError` before the first photo. (At start the
optimised network is compared with the published one, built from the same weights and fed by the
published preprocessing; and for the named file, both with a vector stored below.)
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from enrichscrapy.exceptions import WeightsError
from enrichscrapy.faces.facenet import probe
from enrichscrapy.faces.facenet.weights import NAMED_SHA256

if TYPE_CHECKING:
    from facenet_pytorch import InceptionResnetV1

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

# bfloat16 keeps 0.9999 here; red and blue swapped keep at most 0.997, whatever the weights.
LEAST_COSINE = 0.9998
# The stored vector was computed from a copy of the named file in half precision, which moves a
# cosine by at most 0.0008 (bfloat16 by 0.0003 more); the mildest mistake moves it by 0.014.
LEAST_STORED_COSINE = 0.995
# The named file's vector of ``probe.draw()``: 512 little-endian float16.
STORED = """
EiY6rJwYAiylpkIuGqxMLYAfOiUupw0qJiS5KcGhChzEKlQrWKW1rHqqDyUeLKioT6htns6qBSAeqEseDawLKQclwqkFoUgg
ox8vpI6snauso4EtVqfbqsImh6OCLcuf4qrMqM6nDyseL88p0q6cKF6hfS32n74jcKQgp8+qciU/rPosmygkK1cvvBrgpvOh
sylLJ9WRixDRrMUkZ6WFkdgqJKWVKTMdAKY4LLSf6SebqUgkYaL7KeQpQ5xCJSYtGSDKqQKqJ6ElJkgarxlgo70tLyT4ndev
gapJrtAihizyrfqsRKYHKDcs+aPZJEAoTKmZpmEaW6tbKB2iyiMaKHekLq/wn9sofSWEqukWDSXkqaeoXCxbJkmtFCsRHI8n
ryTSodiqtpT8HJgsdikerrGp9yYkKEwty5saLEEi/q3GKTYqSKknn/orRSX6rPGoKihqLoukD55Xqa+lQphhp6giMByvqhCo
R6wBJ86hBCGWKM8PYCdxIr4o/6qJK6wkjyZ8HrkmliUWI+qdmKAWLBEsOS0jHcSkP6pOKtWq0pxLH6UhJ6jEJQUhRChdIrco
HSSfKSSncyVjo5ogH6RirBsjTCDjqecaUiSpKQAu4CXnlX6qPCMWIlYtqK3xIkkhKh32JhIooyk0nwQjLSR6nI2mepY3KOeo
cSpfLHIm6J+IHAeneyIaKagoM6i7LI4WPK1OpY4mO6dEogEpQayPIikpfh5doIWspaxUpAqqaKrYo1sqcKlnpDeunCluKqif
datMrnSe6iBXKbUn1afVp5kn2SfRqDMoyyzTo9os0C3bKNSoRayOq/6Y7qcvpdEkg6qNG1kse5uPp0Qt/STynIQnDKLNFXoi
cairKJYahah6KnEobChSk3ajt6k4oS8rOSzeIKgplaoVLPSkeSnJqpGl0K2uIMcpQyJqoxAoASXHqbimKSOFIRgsNCGZrf0p
m6TpImeokCgvpIAoFCqhJAopPisJqeQtZipBJHMi4CmVoieqJCkVHgKscqSWKY+bTioRI38jEKvQnTSptBFWLNEgE6g0pUIs
3yk2oi8rbCf1rA2csKJTIu2kuK02KdMoFRmzos0s26w8JDAj066dKXGolqwyLByoXilRJgsoVygGpnqjLaU8H8ypLa1ZKUEX
ECboJPmZoqgGLJIogCB7rh6sfaivKrEmayZBKQisBCYEIUiskKi5KVYtTaz4KMyoGShmLg8pqCcFoFIjghhcqkgohKLNqbmk
ipnSp9+ob60ypxwo/p1SmxkjZq0xKKcrWSxHJWIj/q2WJSghZ6qlrMQr/JoKq2KfE6fjI+ot2qt5KSsieBifKfGp0B4TFWor
nyMYqO0g0xsaLfIm0663pA==
"""


def check(embed: Embed, published: InceptionResnetV1, sha256: str) -> None:
    """Raise :class:`WeightsError` unless ``embed`` agrees with what it should compute.

    ``embed``: (n, 160, 160, 3) RGB to (n, 512) of unit length; ``published``: the network as
    published with the same weights; ``sha256``: which weights those are.
    """
    crop = probe.draw()
    vector = embed(crop[None])[0]
    if not np.isfinite(vector).all():
        raise WeightsError("self-test: the face weights give no finite vectors; use other weights")
    cosine = float(vector @ compute_expected(published, crop))
    if not cosine >= LEAST_COSINE:
        raise WeightsError(
            f"self-test: the vector of a known face has a cosine of {cosine:.4f} to the published "
            "network's; channels or scaling differ, so this installation must not store vectors"
        )
    if sha256 == NAMED_SHA256 and not float(vector @ load_stored()) >= LEAST_STORED_COSINE:
        raise WeightsError(
            "self-test: the vector of a known face has a cosine of "
            f"{float(vector @ load_stored()):.4f} to the one stored for these weights; "
            "this installation must not store vectors"
        )


def agrees(embed: Embed, published: InceptionResnetV1, least: float) -> bool:
    """Whether the stored vector of a known face (the mean of it and its mirror image) has at least
    this cosine to the published network's."""
    crop = probe.draw()
    pair = np.stack([crop, crop[:, ::-1]])
    made = embed(pair).sum(axis=0)
    wanted = compute_expected(published, pair[0]) + compute_expected(published, pair[1])
    return bool(made @ wanted >= least * np.linalg.norm(made) * np.linalg.norm(wanted))


def compute_expected(published: InceptionResnetV1, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The published network's vector of a crop: RGB, channels first, (x - 127.5) / 128."""
    with torch.inference_mode():
        pixels = (torch.from_numpy(crop.copy()).permute(2, 0, 1)[None].float() - 127.5) / 128.0
        vector: NDArray[np.float32] = published(pixels)[0].numpy()
    return vector


def load_stored() -> NDArray[np.float32]:
    """The stored vector, of unit length."""
    vector = np.frombuffer(base64.b64decode(STORED), "<f2").astype(np.float32)
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit
