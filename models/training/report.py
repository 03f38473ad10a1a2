"""Write the measured part of MODEL_CARD.md, and its reliability diagram, from the last evaluation."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .data import LABELS

HERE = Path(__file__).parent
MODELS = HERE.parent
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--evaluation", type=Path, default=HERE / "cache" / "evaluation.json")
    parser.add_argument("--card", type=Path, default=MODELS / "MODEL_CARD.md")


def run(args: argparse.Namespace) -> None:
    report = json.loads(args.evaluation.read_text())
    text = args.card.read_text()
    head, tail = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    args.card.write_text(f"{head}\n\n{measured(report)}\n{tail}")
    (args.card.parent / "reliability.svg").write_text(diagram(report["ferPlusValidation"]["reliability"]))


def measured(report: dict) -> str:
    """All tables, as Markdown."""
    fer = report["ferPlusValidation"]
    parts = [targets(report), "![Reliability diagram](reliability.svg)", protocols(fer), per_class(fer), confusion(fer), doubt(fer)]
    if report.get("shift"):
        parts.append(shifts(report["shift"]))
    if report.get("secondOpinion"):
        parts.append(second_opinion(report["secondOpinion"]))
    if report.get("presence"):
        parts.append(presence(report["presence"]))
    if report.get("heldOutRenders"):
        parts.append(conditions(report["heldOutRenders"]))
    return "\n\n".join(parts) + "\n"


def targets(report: dict) -> str:
    fer, renders = report["ferPlusValidation"], report.get("heldOutRenders") or {}
    alone, price, ablation = report.get("syntheticAlone") or {}, report["cost"], report.get("ablation") or {}
    spread = lambda v: f"{v['mean']:+.4f} ± {v['spread']:.4f}" if v else None
    macs = price["multiplyAddsPerFace"] / 1e6
    majority, opinion = fer["protocols"]["majority"], (report.get("secondOpinion") or {}).get("sets", {}).get("held-out", {})
    told = (report.get("secondOpinion") or {}).get("told", {}).values()
    yaw, pitch, _ = opinion.get("poseErrorYawPitchRoll", [None] * 3)
    rows = [
        ("accuracy on FER+ validation, majority, whole chain", "0.903", "0.923", majority["accuracy"]),
        ("accuracy on FER+ validation, all rows, whole chain", "0.870", "0.89", fer["accuracy"]),
        ("macro-F1 of eight classes, FER+ validation, all rows", "0.773", "0.803", fer["macroF1"]),
        ("landmarks against the second teacher, held-out photos, inner 51, by eye distance", "0.045", "0.03", opinion.get("landmarkError")),
        ("action units told, of 21: those that follow it with r of 0.5 or more", "", "", sum(r is not None for r in told) or None),
        ("yaw / pitch against it, mean absolute error", "2.0° / 2.5°", "1.5° / 2°", f"{yaw}° / {pitch}°" if yaw else None),
        ("mean F1 of six basic expressions, renders alone, scored among the six", "0.45", "0.55", alone.get("basicF1")),
        ("the same, scored among all eight classes", "", "", alone.get("basicF1AmongEight")),
        ("multi-task over single-task, short narrow runs, 3 seeds", "> 0", "", spread(ablation.get("multiOverSingle"))),
        ("ensemble over its best member, short narrow runs, 3 seeds", "> 0", "", spread(ablation.get("ensembleOverBest"))),
        ("ensemble over its best member, shipped file", "> 0", "", f"{report['members']['ensembleOverBest']:+.4f}"),
        ("expected calibration error, 15 bins", "0.015", "0.01", fer["calibrationError"]),
        ("the same under shift, worst of four", "0.06", "0.03", max((row["calibrationError"] for row in (report.get("shift") or {}).values()), default=None)),
        ("landmarks on held-out renders, by eye distance", "0.04", "0.025", renders.get("landmarkError")),
        ("pose on held-out renders, mean absolute error", "5°", "3°", renders.get("poseError")),
        ("multiply-adds per face, all members", "400 M", "200 M", f"{macs:.0f} M"),
        ("size of all files, that in integers too", "25 MB", "12 MB", f"{sum(price['bytes'].values()) / 1e6:.1f} MB"),
        ("ensemble, one CPU thread", "", "", f"{price['millisecondsPerFace']} ms a face"),
    ]
    lines = ["| what | must | aim | measured |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {must} | {aim} | {'not measured' if value is None else value} |" for name, must, aim, value in rows]
    return "\n".join(lines + detector_rows(report.get("detector")) + border_rows(report.get("border")))


def detector_rows(detector: dict | None) -> list[str]:
    """The detector's rows of the table."""
    if not detector:
        return []
    photos, clips, empty = detector["photos"], detector["clips"], detector["falseFaces"]
    rows = [
        ("detector: the teacher's faces found, held-out photos", "0.93", "0.98", photos["recall"]),
        ("detector: the teacher's faces found, clips", "0.93", "0.98", clips["recall"]),
        ("detector: false faces per picture without faces", "0.02", "0.005", empty["perPicture"]),
    ]
    rows += [(f"detector: time against YuNet at {size}, one thread", "1.0", "0.6", f"{t['ratio']} ({t['milliseconds']} ms)")
             for size, t in detector["time"].items()]  # fmt: skip
    return [f"| {name} | {must} | {aim} | {value} |" for name, must, aim, value in rows]


def border_rows(told: dict | None) -> list[str]:
    """The rows about faces at the picture's border, by the server's own search (`border.py`)."""
    if not told:
        return []
    words = {"touching": "faces that touch the picture's border", "filling": "faces of 0.9 of the picture's height"}
    return [f"| {text}: found, of those found with a border around it | 0.95 | 1 | {told[key]} |" for key, text in words.items()]


SETS = {
    "all": "all rows, by plurality", "majority": "majority, as Barsoum et al. (2016) and most papers",
    "allWithoutRepeated": "all rows, without pictures that training has",
    "majorityWithoutRepeated": "majority, without pictures that training has",
    "held-out": "photos held out, without masks", "valid": "FER+ validation",
}  # fmt: skip


def protocols(fer: dict) -> str:
    """Both protocols of FER+, with and without repeated pictures, with 95 % intervals (bootstrap over faces)."""
    lines = ["| FER+ validation | faces | accuracy | macro-F1 | mean recall | calibration error |", "| --- |" + " --- |" * 5]
    for name, told in fer["protocols"].items():
        cell = lambda key: f"{told[key]:.4f} ({told['interval95'][key][0]:.4f} to {told['interval95'][key][1]:.4f})"
        cells = [cell(key) for key in ("accuracy", "macroF1", "meanRecall", "calibrationError")]
        lines.append(f"| {SETS[name]} | {told['faces']} | " + " | ".join(cells) + " |")
    lines += ["", "In brackets what lies within 95 % of 1,000 bootstrap samples of the faces; sampling alone makes a calibration error larger."]
    return "\n".join(lines)


SHIFTS = {
    "filmBlur": "moved by 4 to 8 of 48 px while the shutter was open", "compressed": "JPEG of quality 5 to 20 at twice the size",
    "dark": "a tenth to a third of the light, with noise", "tight": "the inner three quarters alone",
}  # fmt: skip


def shifts(told: dict[str, dict]) -> str:
    """FER+ validation as users' pictures may show its faces (`shift.py`)."""
    lines = ["| FER+ validation, all rows | found | accuracy | macro-F1 | calibration error |", "| --- |" + " --- |" * 4]
    for name, row in told.items():
        lines.append(f"| {SHIFTS[name]} | {row['found']:.4f} | {row['accuracy']:.4f} | {row['macroF1']:.4f} | {row['calibrationError']:.4f} |")
    return "\n".join(lines)


def second_opinion(opinion: dict) -> str:
    """Landmarks, pose and action units against MediaPipe's face landmarker on real pictures."""
    sets, names = opinion["sets"], list(opinion["sets"])
    lines = ["Against MediaPipe's face landmarker, where it is sure of a face:", ""]
    lines += ["| | " + " | ".join(SETS[name] for name in names) + " |", "| --- |" + " --- |" * len(names)]
    row = lambda words, value: f"| {words} | " + " | ".join(value(sets[name]) for name in names) + " |"
    lines.append(row("faces", lambda part: str(part["faces"])))
    lines.append(row("landmarks, inner 51, by eye distance", lambda part: f"{part['landmarkError']:.4f}"))
    for k, angle in enumerate(("yaw", "pitch", "roll")):
        lines.append(row(f"{angle}, mean absolute error", lambda part: f"{part['poseErrorYawPitchRoll'][k]:.1f}°"))
    for name in opinion["told"]:
        number = lambda part: "not seen by it" if part["actionUnits"][name] is None else f"{part['actionUnits'][name]:.2f}"
        told = "told" if opinion["told"][name] is not None else "not told"
        lines.append(row(f"{name}, Pearson's r ({told})", number))
    return "\n".join(lines)


def per_class(fer: dict) -> str:
    lines = ["| FER+ validation | faces | recall | F1 |", "| --- | --- | --- | --- |"]
    for name, counts in zip(LABELS, fer["confusion"]):
        lines.append(f"| {name.lower()} | {sum(counts)} | {fer['recall'][name]:.3f} | {fer['f1'][name]:.3f} |")
    return "\n".join(lines)


def confusion(fer: dict) -> str:
    names = [name.lower() for name in LABELS]
    lines = ["Rows: what most people said; columns: what the ensemble says.", ""]
    lines += ["| | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    lines += [f"| {name} | " + " | ".join(map(str, counts)) + " |" for name, counts in zip(names, fer["confusion"])]
    return "\n".join(lines)


def doubt(fer: dict) -> str:
    """Accuracy by confidence, by quality, and what abstention leaves out."""
    lines = ["| confidence | faces | mean confidence | accuracy |", "| --- | --- | --- | --- |"]
    for row in fer["reliability"]:
        lines.append(f"| {row['from']:.2f} to {row['to']:.2f} | {row['faces']} | {row['confidence']:.3f} | {row['accuracy']:.3f} |")
    left = fer["abstained"]
    lines += ["", f"Below the card's confidence threshold lie {100 * left['share']:.1f} % of the faces; of these "
              f"{left['accuracyBelow']} are right, of the others {left['accuracyAbove']}.", ""]  # fmt: skip
    lines += ["| quarter by quality | mean quality | accuracy |", "| --- | --- | --- |"]
    lines += [f"| {k + 1} | {row['quality']:.3f} | {row['accuracy']:.3f} |" for k, row in enumerate(fer["byQuality"])]
    return "\n".join(lines)


WORDS = {
    "ferplus": "FER+ validation, whole chain", "photos": "faces of held-out photos, half of them masked",
    "squares": "squares of held-out backgrounds", "beside": "crops beside a face, or far too wide or narrow",
    "mistaken": "what the detector scores 0.15 or more there, also turned",
    "shown": "what it finds there at its card's score",
}  # fmt: skip


def presence(told: dict) -> str:
    """What the threshold of a face lets through."""
    lines = [f"Taken for a face at a quality of {told['threshold']} or more (`thresholds.face`):", ""]
    lines += ["| held out | pictures | taken for a face |", "| --- | --- | --- |"]
    lines += [f"| {words} | {told[kind]['pictures']} | {told[kind]['taken']:.4f} |" for kind, words in WORDS.items() if kind in told]
    return "\n".join(lines)


def conditions(renders: dict) -> str:
    lines = ["| held-out renders | from | to | faces | landmark error | pose error | expression | quality |"]
    lines.append("| --- |" + " --- |" * 7)
    for name, rows in renders["by"].items():
        for row in rows:
            lines.append(f"| {name} | {row['from']} | {row['to']} | {row['faces']} | {row['landmarkError']:.3f} | "
                         f"{row['poseError']:.1f}° | {row['accuracy']:.3f} | {row['quality']:.2f} |")  # fmt: skip
    return "\n".join(lines)


def diagram(rows: list[dict], side: int = 320) -> str:
    """Accuracy over confidence as an SVG; a bar's darkness tells how many faces it stands for."""
    most = max(row["faces"] for row in rows)
    bars = []
    for row in rows:
        x, width, height = row["from"] * side, (row["to"] - row["from"]) * side - 1, row["accuracy"] * side
        shade = 0.25 + 0.75 * (row["faces"] / most) ** 0.5
        bars.append(f'<rect x="{x:.1f}" y="{side - height:.1f}" width="{width:.1f}" height="{height:.1f}" fill="#2b6cb0" fill-opacity="{shade:.2f}"/>')
    frame = f'<rect width="{side}" height="{side}" fill="none" stroke="#888"/><path d="M0 {side}L{side} 0" stroke="#c53030" stroke-dasharray="4"/>'
    words = f'<text x="{side / 2}" y="{side + 28}" text-anchor="middle">confidence</text><text x="-{side / 2}" y="-12" transform="rotate(-90)" text-anchor="middle">accuracy</text>'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-40 -10 {side + 60} {side + 50}" width="{side + 60}" '
            f'font-family="sans-serif" font-size="13">{"".join(bars)}{frame}{words}</svg>\n')  # fmt: skip
