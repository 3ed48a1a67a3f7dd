"""What producers may do with a record beside its value: each of Kafka's codecs, and header keys of any bytes."""

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.producer import message_accumulator
from aiokafka.producer import producer as producing
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from tests.integration.streams_rig import INPUTS, Rig
from tests.unit.streams.test_header_keys import Raw

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("odd", [False, True], ids=["plain headers", "header keys that are no text"])
async def test_records_of_every_codec_are_counted(rig: Rig, odd: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """gzip, snappy, lz4 and zstd beside plain ones; an odd header key neither stops nor hides its neighbours."""
    if odd:  # only the builder in Python writes such a key
        for module in (message_accumulator, producing):
            monkeypatch.setattr(module, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
    for codec in (None, "gzip", "snappy", "lz4", "zstd"):
        producer = AIOKafkaProducer(
            bootstrap_servers=rig.settings.kafka.bootstrap_servers, compression_type=codec, linger_ms=50
        )
        await producer.start()
        for at in range(20):
            name = f"{codec}-{at}"
            headers = [(Raw("x") if odd and at % 5 == 2 else "trace", b"1")]
            value = b'{"id":"%b","source":"/t","type":"crm.page.viewed","data":{"url":"/"}}' % name.encode()
            await producer.send(rig.input, value, partition=at % INPUTS, headers=headers)
            rig.expected["default"]["crm.page.viewed"] += 1
        await producer.stop()
    with rig.worker():
        await rig.exact()
