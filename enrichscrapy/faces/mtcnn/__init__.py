"""MTCNN: the cascade that finds faces and their landmarks in a photo.

May import what :mod:`enrichscrapy.faces` offers detectors; numpy, Pillow and torch.
"""
