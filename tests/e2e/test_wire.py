"""src/wire against kafka-python, whose messages are made of Kafka's own schemas: every version of every message, byte for
byte in both directions. What we read is compared field by field, and what we write of it with what was read."""
import json
import random
import struct
import subprocess
import uuid

import pytest
from kafka.protocol.admin.cluster import DescribeLogDirsRequest, DescribeLogDirsResponse
from kafka.protocol.metadata import ApiVersionsRequest, ApiVersionsResponse, MetadataRequest, MetadataResponse
from kafka.protocol.sasl import (SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest,
                                 SaslHandshakeResponse)

from harness.paths import weir_binary

MESSAGES = {
    "ApiVersions": (ApiVersionsRequest, ApiVersionsResponse, 0, 4),
    "Metadata": (MetadataRequest, MetadataResponse, 0, 13),
    "DescribeLogDirs": (DescribeLogDirsRequest, DescribeLogDirsResponse, 0, 4),
    "SaslHandshake": (SaslHandshakeRequest, SaslHandshakeResponse, 0, 1),
    "SaslAuthenticate": (SaslAuthenticateRequest, SaslAuthenticateResponse, 0, 2),
}
EACH = 15
LARGEST = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
UNSUPPORTED_VERSION = 35


def wire_tool(lines: list[str]) -> list[dict]:
    tool = weir_binary().parent / "tests" / "unit" / "wire_tool"
    done = subprocess.run([tool], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def line_of(api: str, message, frame: bytes) -> str:
    kind = "request" if message.is_request() else "response"
    return f"{api} {kind} {message.API_VERSION} {frame.hex()}"


# Any message of a schema

def any_text(chance: random.Random) -> str:
    length = chance.choice((0, 1, 7, 127, 128, 300))
    return "".join(chance.choices("abcdefghij-._0123456789", k=length))


def any_value(field, version: int, chance: random.Random):
    kind = field.type_str
    if field.nullable_for_version_q(version) and chance.random() < 0.3:
        return None
    if field.is_struct_array():
        return [any_struct(field, version, chance) for _ in range(chance.choice((0, 1, 2, 5)))]
    if field.is_array() and kind == "[]string":
        return [any_text(chance) for _ in range(chance.choice((0, 1, 4)))]
    if field.is_array():
        return [chance.randint(-2**31, 2**31 - 1) for _ in range(chance.choice((0, 1, 2, 5)))]
    if kind == "bitfield":
        return set(chance.sample(range(31), 3))
    if kind in LARGEST:
        bits = LARGEST[kind]
        return chance.choice((0, 1, -1, 2**(bits - 1) - 1, -2**(bits - 1), chance.randrange(100)))
    return {"bool": lambda: chance.random() < 0.5, "uuid": lambda: uuid.UUID(int=chance.getrandbits(128)),
            "string": lambda: any_text(chance), "bytes": lambda: any_text(chance).encode()}[kind]()


def any_struct(field, version: int, chance: random.Random) -> dict:
    return field(version=version, **any_fields(field, version, chance))


def any_fields(schema, version: int, chance: random.Random) -> dict:
    return {field.name: any_value(field, version, chance) for field in schema.fields.values()
            if field.for_version_q(version)}


def any_message(message_class, version: int, chance: random.Random):
    message = message_class(version=version, **any_fields(message_class._struct, version, chance))
    if getattr(message, "error_code", 0) == UNSUPPORTED_VERSION:
        message.error_code = 0
    message.with_header(correlation_id=chance.randint(-2**31, 2**31 - 1))
    return message


# Comparing

def expected(value):
    """A value of kafka-python as wire_tool prints it."""
    if isinstance(value, set):  # authorized operations
        bits = sum(1 << bit for bit in value)
        return bits - 2**32 if bits >= 2**31 else bits
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.decode()
    return value


def assert_same(read: dict, message, version: int, where: str) -> None:
    for field in message._struct.fields.values():
        if not field.for_version_q(version):
            continue
        name, value = field.name, getattr(message, field.name)
        if name == "authorized_operations":  # kafka-python's short name for both
            name = f"{'topic' if 'topics' in where else 'cluster'}_{name}"
        ours = [] if field.tag is not None and read[name] is None and value == [] else read[name]
        if field.is_struct_array() and value is not None:
            for element, theirs in zip(ours, value, strict=True):
                assert_same(element, theirs, version, f"{where}.{name}")
        else:
            assert ours == expected(value), f"{where}.{name}"


@pytest.mark.parametrize("api", MESSAGES)
def test_every_version_is_kafkas(api):
    chance = random.Random(api)
    request_class, response_class, first, last = MESSAGES[api]
    messages = [any_message(message_class, version, chance) for message_class in (request_class, response_class)
                for version in range(first, last + 1) for _ in range(EACH)]
    frames = [message.encode(header=True, framed=True) for message in messages]
    answers = wire_tool([line_of(api, message, frame) for message, frame in zip(messages, frames)])
    assert len(answers) == len(messages)
    for message, frame, answer in zip(messages, frames, answers):
        where = f"{type(message).__name__} {message.API_VERSION}"
        assert answer.get("frame") == frame.hex(), (where, answer.get("error"), message)
        if where == "MetadataRequest 0":  # an empty list means all
            message.topics = message.topics or None
        assert_same(answer["message"], message, message.API_VERSION, where)


def test_an_unsupported_version_is_answered_in_version_0():
    """KIP-511: who asked in a version that the broker does not have must be able to read the answer."""
    known = ApiVersionsResponse.ApiVersion(version=0, api_key=18, min_version=0, max_version=3)
    answer = ApiVersionsResponse(version=0, error_code=UNSUPPORTED_VERSION, api_keys=[known])
    answer.with_header(correlation_id=7)
    frame = answer.encode(header=True, framed=True)
    for version in (0, 3, 4):
        read, = wire_tool([f"ApiVersions response {version} {frame.hex()}"])
        assert read["frame"] == frame.hex()
        assert read["message"]["api_keys"] == [{"api_key": 18, "min_version": 0, "max_version": 3}]


@pytest.mark.parametrize("api", MESSAGES)
def test_a_message_cut_short_or_gone_on_is_refused(api):
    chance = random.Random(7)
    lines = []
    for message_class in MESSAGES[api][:2]:
        for version in (MESSAGES[api][2], MESSAGES[api][3]):
            frame = any_message(message_class, version, chance).encode(header=True, framed=True)[4:]
            message = any_message(message_class, version, chance)
            for wrong in [frame[:n] for n in range(len(frame))][-400:] + [frame + b"\0"]:
                lines.append(line_of(api, message, struct.pack(">i", len(wrong)) + wrong))
    for line, answer in zip(lines, wire_tool(lines), strict=True):
        assert "error" in answer and "byte" in answer["error"], line
