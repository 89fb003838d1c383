"""People: reading them from CSV, importing and exporting them."""
