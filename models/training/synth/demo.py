"""`python -m training demo`: the demo clip, two people who go through the expressions, with its ground truth."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from . import demo_cast, demo_scene
from .expression import CLASSES, INDEX
from .mesh import DEFAULT_DATA

WIDTH, HEIGHT, RATE, SECONDS = 640, 360, 25, 20
RAMP = 0.48  # seconds from neutral to apex and back
# The phases of the first actor: class, onset begins, offset ends (seconds). The second is later by DELAY.
PHASES = (("happiness", 1.5, 5.0), ("surprise", 6.5, 9.5), ("sadness", 10.0, 13.0), ("anger", 13.5, 16.5))
DELAY = 2.5
FACE_WIDTH = 112


def add_arguments(parser) -> None:
    """Declare the subcommand's options on an argparse `parser`."""
    parser.add_argument("--out", default="../test/fixtures", help="folder for demo.mp4 and demo.json")
    parser.add_argument("--data", default=DEFAULT_DATA, help="folder with ict_facekit_light.npz")
    parser.add_argument("--frames", type=int, default=SECONDS * RATE, help="how many frames of the clip to make")
    parser.add_argument("--smoke", action="store_true", help="the first second only")


def run(args) -> None:
    """Render, encode and describe the clip."""
    cv2.setNumThreads(1)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    frames = RATE if args.smoke else args.frames
    actors = demo_cast.cast(args.data)
    room = demo_scene.room(HEIGHT, WIDTH)
    truth = []
    with _encoder(out / "demo.mp4") as encoder:
        for number in tqdm(range(frames), unit="frame"):
            picture, people = draw_frame(actors, room, number / RATE, args.data)
            encoder.stdin.write(picture.tobytes())
            truth.append({"time": round(number / RATE, 3), "people": people})
    if encoder.returncode:
        raise RuntimeError(f"ffmpeg ended with exit code {encoder.returncode}")
    (out / "demo.json").write_text(_document(truth))


def draw_frame(actors, room, time: float, data: str):
    """The frame at `time` seconds: RGB uint8 [360, 640, 3] and the truth about each person."""
    scene = room.copy()
    people = []
    for number, actor in enumerate(actors):
        left = number * WIDTH // 2
        name, intensity, units = state(number, time)
        pose, shift, gaze = _movement(number, time)
        colour, alpha, labels = demo_scene.draw_actor(actor, units, pose, shift, gaze, (HEIGHT, WIDTH // 2), FACE_WIDTH,
                                                      data)  # fmt: skip
        chin = actor.centre[0] + 0.55 * shift[0], actor.centre[1] + 68 + 0.5 * shift[1]
        demo_scene.shoulders(scene, actor, left, chin, demo_cast.CLOTH_BRIGHTNESS[number])
        demo_scene.compose(scene, colour, alpha, left)
        people.append(_truth(labels, left, name, intensity))
    return (scene + 0.5).clip(0, 255).astype(np.uint8), people


def state(number: int, time: float):
    """Class, its intensity 0 to 1, and units [K, 2] of actor `number` at `time`."""
    units = demo_scene.neutral_units()
    best, strength = "neutral", 0.0
    for name, start, end in _phases(number):
        rise = np.clip((time - start) / RAMP, 0, 1)
        fall = np.clip((end - time) / RAMP, 0, 1)
        intensity = float(min(_smooth(rise), _smooth(fall)))
        if intensity > strength:
            best, strength = name, intensity
            for unit, value in demo_cast.UNITS[number][name].items():
                units[INDEX[unit]] = value * intensity
    lids = units[INDEX["AU45"], 0]
    units[INDEX["AU45"]] = max(lids, *(_blink(time - t) for t in demo_cast.BLINKS[number]))
    return best, strength, units


def _phases(number):
    return [(name, start + number * DELAY, end + number * DELAY) for name, start, end in PHASES]


def _smooth(x):
    return x * x * (3 - 2 * x)


def _blink(since):
    """Lids shut for a tenth of a second and open again within a fifth."""
    return float(np.clip(1.6 - abs(since - 0.1) / 0.075, 0, 1)) if 0 <= since <= 0.24 else 0.0


def _movement(number, time):
    """Pose in degrees, shift in pixels and gaze; whole periods in the clip, so that it loops."""
    turn = 2 * np.pi * time / SECONDS
    phase = 0.9 + 2.1 * number
    yaw = 15 * np.sin(2 * turn + phase) + 7 * np.sin(5 * turn + 2 * phase)
    pitch = 5 * np.sin(3 * turn + phase) + 2 * np.sin(7 * turn)
    roll = 4 * np.sin(2 * turn + 2.2 + phase) + 2 * np.sin(5 * turn)
    shift = (7 * np.sin(2 * turn + phase + 0.3), 3 * np.sin(4 * turn + phase))
    gaze = (float(np.clip(-yaw / 38, -0.8, 0.8)), float(np.clip(-pitch / 30, -0.6, 0.6)))
    return (yaw, pitch, roll), shift, gaze


def _truth(labels, left, name, intensity):
    box = labels["box"] + [left, 0, left, 0]
    yaw, pitch, roll = labels["pose"]
    return {
        "expression": name if intensity >= 0.5 else "neutral", "phase": name, "intensity": round(intensity, 3),
        "box": _rounded(box), "five": [_rounded(point) for point in labels["five"] + [left, 0]],
        "yaw": round(float(yaw), 1), "pitch": round(float(pitch), 1), "roll": round(float(roll), 1),
    }  # fmt: skip


def _rounded(values):
    return [round(float(value), 1) for value in values]


def _document(truth) -> str:
    """The ground truth as JSON, one line per frame."""
    head = {
        "fps": RATE, "width": WIDTH, "height": HEIGHT, "frames": len(truth), "seconds": len(truth) / RATE,
        "classes": list(CLASSES),
        "about": "Rendered by `python -m training demo`. Box: x1, y1, x2, y2 in pixels. five: eye centres, nose tip, "
        "mouth corners, from left to right in the picture. Angles in degrees: yaw positive to the picture's right, "
        "pitch up, roll clockwise. expression: the phase's class while its intensity is at least 0.5. phases: seconds; "
        "onset to apex rises, apexEnd to offset falls.",
        "phases": [[{"expression": name, "onset": start, "apex": round(start + RAMP, 3),
                     "apexEnd": round(end - RAMP, 3), "offset": end} for name, start, end in _phases(number)]
                   for number in range(2)],
    }  # fmt: skip
    lines = ",\n".join(json.dumps(frame, separators=(",", ":")) for frame in truth)
    return json.dumps(head, indent=1)[:-2] + ',\n "timeline": [\n' + lines + "\n]}\n"


def _encoder(path: Path):
    """ffmpeg as a context manager that takes raw RGB frames on its standard input."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise RuntimeError("ffmpeg is not on the PATH: install it to encode the clip")
    return subprocess.Popen(
        [program, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}",
         "-r", str(RATE), "-i", "-", "-c:v", "libx264", "-preset", "slow", "-crf", "23", "-pix_fmt", "yuv420p",
         "-threads", "1", "-movflags", "+faststart", "-map_metadata", "-1", str(path)],
        stdin=subprocess.PIPE,
    )  # fmt: skip
