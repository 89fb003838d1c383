"""The meaning of the files: frozen dataclasses and pure arithmetic, no input or output."""
