"""Parametric portraits drawn with numpy: no photograph of anybody is in here."""
