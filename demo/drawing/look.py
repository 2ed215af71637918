"""What makes one drawn person that person, and what changes from one photo to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.drawing.canvas import Colour

SKINS: tuple[Colour, ...] = (
    (0.97, 0.82, 0.73),
    (0.94, 0.76, 0.64),
    (0.90, 0.70, 0.55),
    (0.82, 0.60, 0.44),
    (0.70, 0.47, 0.33),
    (0.59, 0.39, 0.28),
    (0.49, 0.32, 0.23),
)
HAIRS: tuple[Colour, ...] = (
    (0.07, 0.06, 0.06),
    (0.17, 0.10, 0.07),
    (0.30, 0.17, 0.10),
    (0.45, 0.28, 0.15),
    (0.74, 0.56, 0.33),
    (0.88, 0.76, 0.54),
    (0.55, 0.20, 0.09),
    (0.62, 0.60, 0.58),
    (0.42, 0.12, 0.22),
)
EYES: tuple[Colour, ...] = (
    (0.22, 0.12, 0.06),
    (0.36, 0.22, 0.10),
    (0.30, 0.40, 0.20),
    (0.28, 0.45, 0.62),
    (0.45, 0.52, 0.56),
    (0.20, 0.42, 0.40),
)
WOMENS_HAIR = ("long", "wavy", "fringe", "bob", "tied", "curly", "pixie", "side")
MENS_HAIR = ("short", "parted", "buzz", "bald", "curls", "quiff")
BEARDS = ("none", "none", "stubble", "full", "goatee", "moustache")


@dataclass(frozen=True)
class PersonLook:
    """Everything about a face that stays the same between two photos of one person.

    Lengths are in units of half a face's width. ``masculine`` only chooses among hair styles,
    beards and proportions.
    """

    seed: int
    masculine: bool
    skin: Colour
    hair: Colour
    hair_style: str
    parting: float
    hairline: float
    brow: Colour
    brow_height: float
    brow_arch: float
    brow_weight: float
    brow_tilt: float
    eye: Colour
    eye_gap: float
    eye_width: float
    eye_open: float
    eye_tilt: float
    lid_fold: float
    nose_length: float
    nose_width: float
    nose_bridge: float
    nose_tip: float
    mouth_height: float
    mouth_width: float
    lip_upper: float
    lip_lower: float
    lip_colour: Colour
    face_length: float
    jaw_square: float
    jaw_taper: float
    cheek: float
    chin_cleft: float
    freckles: float
    mole: tuple[float, float] | None
    glasses: str | None
    glasses_colour: Colour
    beard: str
    earrings: bool

    @classmethod
    def from_seed(cls, seed: int, masculine: bool | None = None) -> PersonLook:
        """The person of that number; ``masculine`` when the seed is not to decide it."""
        rng = np.random.default_rng([7, seed])
        man = bool(_spread(seed, 0) < 0.4) if masculine is None else masculine

        def between(low: float, high: float) -> float:
            return float(rng.uniform(low, high))

        # Ranges pushed to their ends tell people apart better than middling ones do.
        def extreme(low: float, high: float) -> float:
            return low + (high - low) * float(rng.beta(0.65, 0.65))

        skin_index = int(_spread(seed, 1) * len(SKINS))
        skin = SKINS[skin_index]
        dark = skin_index >= 4
        hair = HAIRS[int(_spread(seed, 2) * (2 if dark else len(HAIRS)))]
        eye = EYES[int(rng.integers(2 if dark else len(EYES)))]
        styles = MENS_HAIR if man else WOMENS_HAIR
        red = between(0.55, 0.8)
        return cls(
            seed=seed,
            masculine=man,
            skin=skin,
            hair=hair,
            hair_style=styles[int(_spread(seed, 3) * len(styles))],
            parting=float(rng.choice([-0.45, -0.2, 0.0, 0.2, 0.45])),
            hairline=extreme(-1.12, -0.84),
            brow=_brow_colour(hair, rng),
            brow_height=extreme(0.25, 0.38) - (0.03 if man else 0.0),
            brow_arch=extreme(0.0, 0.13) * (0.6 if man else 1.0),
            brow_weight=extreme(0.035, 0.075) + (0.02 if man else 0.0),
            brow_tilt=extreme(-0.06, 0.12),
            eye=eye,
            eye_gap=extreme(0.40, 0.48),
            eye_width=extreme(0.215, 0.275),
            eye_open=extreme(0.095, 0.145),
            eye_tilt=extreme(-0.16, 0.16),
            lid_fold=extreme(0.0, 1.0),
            nose_length=extreme(0.53, 0.70),
            nose_width=extreme(0.17, 0.29),
            nose_bridge=extreme(0.075, 0.13),
            nose_tip=extreme(0.11, 0.17),
            mouth_height=extreme(0.91, 1.04),
            mouth_width=extreme(0.32, 0.47),
            lip_upper=extreme(0.05, 0.11),
            lip_lower=extreme(0.075, 0.15),
            lip_colour=(red, red * between(0.45, 0.62), red * between(0.48, 0.66)),
            face_length=extreme(1.50, 1.74),
            jaw_square=extreme(1.65, 2.35) + (0.4 if man else 0.0),
            jaw_taper=extreme(1.55, 2.25),
            cheek=extreme(0.3, 1.0),
            chin_cleft=extreme(0.0, 1.0) if man else extreme(0.0, 0.4),
            freckles=between(0.5, 1.0) if skin_index < 3 and rng.random() < 0.3 else 0.0,
            mole=(between(-0.62, 0.62), between(0.35, 1.2)) if rng.random() < 0.4 else None,
            glasses=str(rng.choice(["round", "square"])) if rng.random() < 0.18 else None,
            glasses_colour=((0.05, 0.05, 0.06), (0.28, 0.12, 0.06), (0.55, 0.45, 0.3))[
                int(rng.integers(3))
            ],
            beard=BEARDS[int(_spread(seed, 4) * len(BEARDS))] if man else "none",
            earrings=not man and bool(rng.random() < 0.5),
        )


def _spread(seed: int, which: int) -> float:
    """A number in 0..1 that neighbouring seeds share as little as can be (Kronecker's sequence)."""
    return (0.5 + seed * (2, 3, 5, 7, 11)[which] ** 0.5) % 1.0


def _brow_colour(hair: Colour, rng: np.random.Generator) -> Colour:
    """Brows follow the hair, but never so fair that they vanish."""
    factor = float(rng.uniform(0.5, 0.8))
    red, green, blue = (
        min(channel * factor, limit)
        for channel, limit in zip(hair, (0.34, 0.24, 0.17), strict=True)
    )
    return (red, green, blue)


@dataclass(frozen=True)
class Shot:
    """What changes from one photo of a person to the next.

    Angles are in degrees: ``yaw`` turns to the picture's right, ``pitch`` down, ``roll``
    clockwise. ``light_x`` and ``light_y`` say where the key light stands (right, down), each
    -1..1; ``warmth`` -1..1; ``smile`` 0..1; ``head`` is half a face's width as a share of the
    picture's; ``centre`` is where the point between the eyes lies, as shares of the picture.
    """

    seed: int = 0
    size: tuple[int, int] = (480, 640)
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    light_x: float = -0.4
    light_y: float = -0.4
    light: float = 0.92
    warmth: float = 0.0
    smile: float = 0.4
    gaze: float = 0.0
    head: float = 0.225
    centre: tuple[float, float] = (0.5, 0.42)
    background: int = 0
    grain: float = 0.012
    quality: int = 90

    @classmethod
    def from_seed(cls, seed: int, size: tuple[int, int] = (480, 640)) -> Shot:
        """One of endlessly many ordinary portraits."""
        rng = np.random.default_rng([11, seed])

        def between(low: float, high: float) -> float:
            return float(rng.uniform(low, high))

        return cls(
            seed=seed,
            size=size,
            yaw=between(-8, 8),
            pitch=between(-3, 3),
            roll=between(-4, 4),
            light_x=between(-0.5, 0.5),
            light_y=between(-0.65, -0.15),
            light=between(0.80, 1.0),
            warmth=between(-0.3, 0.3),
            smile=between(0.2, 0.8),
            gaze=between(-0.25, 0.25),
            head=between(0.19, 0.25),
            centre=(between(0.42, 0.58), between(0.38, 0.46)),
            background=int(rng.integers(1_000_000)),
            grain=between(0.006, 0.016),
            quality=int(rng.integers(84, 95)),
        )
