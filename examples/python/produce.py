"""Calls tasks that TypeScript runs, and waits for their results. Needs serve.ts at work."""
import datetime

from huey.exceptions import TaskException

from tasks import add_numbers, echo_back, fail, typescript

print('add_numbers', add_numbers(1, 2)(blocking=True, timeout=20))

value = {
    'text': 'ä€😀', 'none': None, 'list': [1, 2.5, True], 'tuple': (1, (2,)), 'bytes': b'\x00\xff', 'set': {1},
    'when': datetime.datetime(2026, 1, 2, 3, 4, 5), 'long': datetime.timedelta(minutes=5), 'big': 2 ** 70, 1: 'one',
}
back = echo_back(value)(blocking=True, timeout=20)
# JavaScript has no tuples, and a timedelta is a number of seconds there.
print('echo_back', back == {**value, 'tuple': [1, [2]], 'long': 300})

# The value of a stage is appended to the arguments of the next: add_numbers(10, 3).
stages = typescript.enqueue(add_numbers.s(1, 2).then(add_numbers, 10))
print('pipeline', stages.get(blocking=True, timeout=20))

try:
    fail('out of stock')(blocking=True, timeout=20)
except TaskException as error:
    print('fail', error.metadata['error'])
