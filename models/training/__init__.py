"""The training chain. Nothing of it reports to anyone: onnxruntime would, unless told not to before it is loaded."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
