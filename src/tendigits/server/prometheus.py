"""What Prometheus is told."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
PICTURES = (1, 2, 4, 8, 16, 32)
CHARACTERS = "0123456789?"


class Metrics:
    """A server's figures, from its start on.

    Attributes:
        requests: how many were answered, by method, route and status.
        seconds: how long they took.
        batch_size: how many pictures a batch had.
        queue: how many pictures wait.
        rejections: how many requests were rejected because there are too many (429, 503).
        shapes: how many shapes were read, by their digit; `?` for what was rejected.
        corrections: how many were stored.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "tendigits_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "tendigits_request_seconds",
            "Seconds from a request's headers to its answer.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.batch_size = Histogram(
            "tendigits_batch_pictures",
            "Pictures in a batch.",
            buckets=PICTURES,
            registry=self.registry,
        )
        self.queue = Gauge(
            "tendigits_queue_pictures", "Pictures that wait to be read.", registry=self.registry
        )
        self.rejections = Counter(
            "tendigits_rejections",
            "Requests rejected because there were too many, or the database was away.",
            ("status",),
            registry=self.registry,
        )
        self.shapes = Counter(
            "tendigits_shapes", "Shapes read, by digit.", ("digit",), registry=self.registry
        )
        for character in CHARACTERS:
            self.shapes.labels(character)
        self.corrections = Counter(
            "tendigits_corrections", "Corrections stored.", registry=self.registry
        )

    def text(self) -> bytes:
        """Return all figures in Prometheus's text form."""
        return generate_latest(self.registry)
