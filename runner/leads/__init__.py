"""People and lists: import, export, erase, enroll."""
