"""FaceNet (InceptionResnetV1, VGGFace2): the network, its weights and its self-test.

May import exceptions and what :mod:`enrichscrapy.faces` offers models.
"""
