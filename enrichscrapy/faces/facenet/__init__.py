"""FaceNet (InceptionResnetV1, VGGFace2): the network as run here, its weights and its self-test.

May import faces/ modules below the model, and exceptions.
"""
