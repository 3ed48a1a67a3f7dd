"""Takes out what aiokafka has fetched, so that one unreadable partition doesn't stop the others."""

from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchError
from aiokafka.errors import RecordTooLargeError

Records = dict[TopicPartition, list[Any]]


def drain(fetcher: Any, limit: int) -> tuple[Records, dict[TopicPartition, Exception]]:
    """About ``limit`` records at most, partitions in turn; and each unreadable partition with its error.

    aiokafka's own method loses the records of all partitions when one is unreadable.
    """
    found: Records = {}
    errors: dict[TopicPartition, Exception] = {}
    for tp, fetched in list(fetcher._records.items()):
        if limit <= 0:
            break
        records, error = read_fetched(fetched, tp, limit)
        limit -= len(records)
        if records:
            found[tp] = records
        if error is not None:
            errors[tp] = error
        if error is not None or not fetched.has_more():
            fetcher._records.pop(tp, None)
            fetcher._notify(fetcher._wait_consume_future)
        elif records:
            fetcher._records.move_to_end(tp)  # others go first next time
    return found, errors


def read_fetched(fetched: Any, tp: TopicPartition, limit: int) -> tuple[list[Any], Exception | None]:
    """Records of one partition's fetched bytes up to the first unreadable one, and that one's error.

    Raises errors that aren't about the bytes: offsets out of range, missing rights.
    """
    records: list[Any] = []
    if isinstance(fetched, FetchError):
        if isinstance(fetched._error, RecordTooLargeError):
            return records, fetched._error
        fetched.check_raise()
    if not fetched.check_assignment(tp) or not fetched.has_more():
        return records, None
    try:
        for record in fetched._partition_records:
            records.append(record)
            if len(records) >= limit:
                break
        else:
            fetched._update_position()
            fetched._partition_records = None
            return records, None
    except Exception as error:  # noqa: BLE001 - whatever unpacking raises is caused by these bytes
        fetched._update_position()
        return records, error
    fetched._update_position()
    return records, None
