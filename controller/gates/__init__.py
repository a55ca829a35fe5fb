"""Asks the outside world what the gates want to know; ``asker.Asker`` is the way in.

Each provider is one file with one ``async def ask(gate, context, clients) -> Answer``. It fetches;
what that means is judged in ``controller.core``. Nothing here decides what an update does.
"""
