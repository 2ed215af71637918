"""Face models that come as a file with a model card: read, checked, and run by ONNX Runtime.

May import exceptions and what :mod:`enrichscrapy.faces` offers models.
"""
