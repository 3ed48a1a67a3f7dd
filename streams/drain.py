"""What aiokafka has fetched, taken out so that a partition that can't be read stops no other."""

from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchError
from aiokafka.errors import RecordTooLargeError

Records = dict[TopicPartition, list[Any]]


def drain(fetcher: Any, limit: int) -> tuple[Records, dict[TopicPartition, Exception]]:
    """At most about ``limit`` records, partitions in turn, and the partitions that can't be read on, and why.

    aiokafka's own method loses the records of all partitions when one can't be read.
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
            fetcher._records.move_to_end(tp)  # the others have their turn next time
    return found, errors


def read_fetched(fetched: Any, tp: TopicPartition, limit: int) -> tuple[list[Any], Exception | None]:
    """Records of one partition's fetched bytes up to the first that can't be read, and what is wrong with that one.

    Raises what is no fault of the bytes: offsets out of range, rights that are missing.
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
    except Exception as error:  # noqa: BLE001 - whatever unpacking raises lies in these bytes
        fetched._update_position()
        return records, error
    fetched._update_position()
    return records, None
