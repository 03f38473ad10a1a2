"""Synthetic faces with exact labels, rendered from the ICT-FaceKit light morphable face.

`render_head` gives one head with its alpha matte; `dataset.render_picture` puts it over a background and
degrades it as cameras and networks do.
"""


def render_head(rng, size=192, **options):
    """See `training.synth.head.render_head` (imported late: numba compiles on first use)."""
    from .head import render_head as render

    return render(rng, size, **options)
