"""Many conversations at once: the same rules over every exchange, while Locust raises the number of users.

Locust schedules, distributes and ramps; our own sender makes the exchanges, one in each worker process. Only `process`
and `users` import Locust, and only a process of their own imports them.
"""
