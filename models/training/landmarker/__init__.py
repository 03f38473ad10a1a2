"""A second teacher: MediaPipe's face landmarker, on real pictures. It labels and compares; none of it is shipped."""
