"""The public endpoints: one-click unsubscribe and, where switched on, tracking."""
