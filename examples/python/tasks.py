"""The Python side: a queue that Python serves, and the names of tasks that TypeScript serves."""
import os

from huey import RedisHuey

from tagged_json import TaggedJsonSerializer

URL = os.environ.get('REDIS_URL', 'redis://127.0.0.1:6379/0')

# Served by Python:  huey_consumer.py tasks.python
python = RedisHuey('python', url=URL, serializer=TaggedJsonSerializer())

# Served by TypeScript, in serve.ts. The functions are only names here: nobody calls them.
typescript = RedisHuey('typescript', url=URL, serializer=TaggedJsonSerializer())


@python.task()
def describe(value, upper=False):
    text = '%s %s' % (type(value).__name__, value)
    return text.upper() if upper else text


@python.task()
def echo(value):
    return value


@python.task()
def divide(a, b):
    return a / b


@typescript.task()
def add_numbers(a, b):
    raise NotImplementedError


@typescript.task(name='echo_back')
def echo_back(value):
    raise NotImplementedError


@typescript.task()
def fail(message):
    raise NotImplementedError
