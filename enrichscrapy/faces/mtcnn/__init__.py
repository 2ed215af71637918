"""MTCNN: the cascade that finds faces and their landmarks in a photo.

May import exceptions; numpy, Pillow and torch only.
"""
