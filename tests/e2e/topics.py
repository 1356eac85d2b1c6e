"""Topics as oracles read them, and the instants in them."""
import dataclasses
import datetime
import functools
import json
import time
import uuid

import confluent_kafka

PATIENCE_S = 60
QUIET = 0  # of the clients' log: only emergencies
BRASILIA = datetime.timezone(datetime.timedelta(hours=-3))


def at(text, zone=BRASILIA):
    """ "2026-03-10 08:00" in Brasília (or `zone`) → milliseconds since 1970."""
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def instant(ms):
    """Milliseconds → RFC 3339, in UTC."""
    return (
        datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def local(ms, zone=BRASILIA):
    return datetime.datetime.fromtimestamp(ms / 1000, zone)


# For runs on real time, at any hour of any day: a calendar without nights.
ALWAYS = """
language: 1
calendar: sem-noite
hours: { default: { weekdays: 00:00-24:00, saturday: 00:00-24:00, sunday: 00:00-24:00, source: "tests", read_on: 2026-01-01 } }
"""


def awake():
    """A state where it is not about midnight now: there every day has an end, where messages end too, and a beginning, through
    whose first half hour they are spread."""
    now = local(int(time.time() * 1000))
    minute = now.hour * 60 + now.minute
    return "SP" if 60 <= minute < 22 * 60 + 30 else "AC"  # two hours behind


def murmur2(key):
    """As Kafka's own partitioner computes it."""
    mask, factor = 0xFFFFFFFF, 0x5BD1E995
    value = (0x9747B28C ^ len(key)) & mask
    whole = len(key) // 4 * 4
    for at in range(0, whole, 4):
        word = int.from_bytes(key[at : at + 4], "little") * factor & mask
        word = (word ^ word >> 24) * factor & mask
        value = value * factor & mask ^ word
    if key[whole:]:
        value = (value ^ int.from_bytes(key[whole:], "little")) * factor & mask
    value = (value ^ value >> 13) * factor & mask
    return value ^ value >> 15


def shard_of(key, shards):
    return (murmur2(key.encode()) & 0x7FFFFFFF) % shards


@dataclasses.dataclass
class Record:
    """A Kafka record, as oracles read it."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: dict
    timestamp_ms: int

    @functools.cached_property
    def json(self):
        return json.loads(self.value)

    @property
    def kind(self):
        return self.headers.get("regua_kind", b"").decode()


class Topic:
    """Reads a topic from its beginning; each `read` goes on to the end that the topic has at that moment."""

    def __init__(self, bootstrap, name):
        self.name = name
        self.records = []
        self.consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"e2e-{uuid.uuid4()}",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
                "fetch.message.max.bytes": 4 << 20,
                "log_level": QUIET,
            }
        )
        self.next = {}

    def _partitions(self):
        found = self.consumer.list_topics(self.name, timeout=PATIENCE_S).topics[self.name].partitions
        self.next = {partition: 0 for partition in found}
        self.consumer.assign([confluent_kafka.TopicPartition(self.name, partition, 0) for partition in found])

    def _record(self, message):
        return Record(
            self.name,
            message.partition(),
            message.offset(),
            message.key(),
            message.value(),
            dict(message.headers() or []),
            message.timestamp()[1],
        )

    def news(self, wait_s=0.2):
        """What comes within that time, as it comes; nothing of it stays in `records`."""
        if not self.next:
            self._partitions()
        return [self._record(message) for message in self.consumer.consume(500, wait_s) if message.error() is None]

    def read(self):
        """What is new, partition by partition in order; all of it stays in `records`."""
        if not self.next:
            self._partitions()
        ends, news = {}, []
        for partition in self.next:
            begin, end = self._edges(partition)
            ends[partition] = end
            self.next[partition] = max(self.next[partition], begin)
        deadline = time.monotonic() + PATIENCE_S
        while any(self.next[partition] < end for partition, end in ends.items()):
            message = self.consumer.poll(0.2)
            if message is None:
                self._skip_holes(ends)
            elif message.error() is None:
                self.next[message.partition()] = message.offset() + 1
                news.append(self._record(message))
            assert time.monotonic() < deadline, f"{self.name}: read to {self.next} of {ends}"
        self.records += news
        return news

    def _edges(self, partition):
        """Of a topic made a moment ago one broker may tell while the client still thinks it has no such partition; and one that has
        too much to do, or was just started, is asked again."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.consumer.get_watermark_offsets(
                    confluent_kafka.TopicPartition(self.name, partition), timeout=PATIENCE_S
                )
            except confluent_kafka.KafkaException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def end(self, partition):
        return self._edges(partition)[1]

    def _skip_holes(self, ends):
        """Compaction and markers leave offsets without records at a partition's end."""
        for place in self.consumer.position([confluent_kafka.TopicPartition(self.name, partition) for partition in ends]):
            if place.offset >= 0:
                self.next[place.partition] = max(self.next[place.partition], place.offset)

    def all(self):
        self.read()
        return self.records

    def close(self):
        self.consumer.close()
