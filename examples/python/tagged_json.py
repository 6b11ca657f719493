"""A serializer for Huey that other languages can read: JSON, in which a tag says what JSON has not.

    huey = RedisHuey('my-app', serializer=TaggedJsonSerializer())

The other side is tagged_json.ts; README.md has the tags.
"""
import base64
import datetime
import json
import math

from huey.registry import Message
from huey.serializer import Serializer
from huey.utils import Error

TAG = '$type'
# Beyond this a number of JavaScript is not exact any more.
SAFE = 2 ** 53 - 1


class RemoteError(Exception):
    """An exception of the other side, which has no such class here."""


def tagged(name, value):
    return {TAG: name, 'value': value}


def to_plain(value):
    """The value as JSON has it."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= SAFE else tagged('int', str(value))
    if isinstance(value, float):
        return value if math.isfinite(value) else tagged('float', str(value))
    if isinstance(value, Message):
        return tagged('message', [to_plain(field) for field in value])
    if isinstance(value, Error):
        return tagged('error', to_plain(value.metadata))
    if isinstance(value, tuple):
        return tagged('tuple', [to_plain(item) for item in value])
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return tagged('set', [to_plain(item) for item in value])
    if isinstance(value, dict):
        if TAG not in value and all(isinstance(key, str) for key in value):
            return {key: to_plain(item) for key, item in value.items()}
        return tagged('dict', [[to_plain(key), to_plain(item)] for key, item in value.items()])
    if isinstance(value, datetime.datetime):
        # A naive one is UTC, as Huey's own are.
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return tagged('datetime', value.isoformat())
    if isinstance(value, datetime.timedelta):
        return tagged('timedelta', value.total_seconds())
    if isinstance(value, (bytes, bytearray)):
        return tagged('bytes', base64.b64encode(value).decode('ascii'))
    if isinstance(value, BaseException):
        return tagged('exception', {'type': type(value).__name__, 'message': str(value)})
    raise TypeError('Cannot serialize a %s: pass plain data, or an id to look it up by' % type(value).__name__)


READERS = {
    'int': int,
    'float': float,
    'message': lambda value: Message(*map(from_plain, value)),
    'error': lambda value: Error(from_plain(value)),
    'tuple': lambda value: tuple(map(from_plain, value)),
    'set': lambda value: set(map(from_plain, value)),
    'dict': lambda value: {from_plain(key): from_plain(item) for key, item in value},
    'datetime': datetime.datetime.fromisoformat,
    'timedelta': lambda value: datetime.timedelta(seconds=value),
    'bytes': base64.b64decode,
    'exception': lambda value: RemoteError('%(type)s: %(message)s' % value),
}


def from_plain(value):
    """The value that was written as this JSON."""
    if isinstance(value, list):
        return [from_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if TAG not in value:
        return {key: from_plain(item) for key, item in value.items()}
    if value[TAG] not in READERS:
        raise ValueError('Cannot read the tag %r: is the other side newer?' % value[TAG])
    return READERS[value[TAG]](value['value'])


class TaggedJsonSerializer(Serializer):
    def _serialize(self, data):
        return json.dumps(to_plain(data), separators=(',', ':')).encode('utf8')

    def _deserialize(self, data):
        return from_plain(json.loads(data))
