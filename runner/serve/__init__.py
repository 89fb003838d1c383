"""The running whole: fixed jobs, worker loop, reload; the only place that wires everything together."""
