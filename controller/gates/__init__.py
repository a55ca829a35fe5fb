"""Asks the providers of health gates; ``asker.Asker`` is the entry point.

Each provider is one file with one ``async def ask(gate, context, clients) -> Answer``. A provider
only fetches data; ``controller.core`` judges the data and decides what an Update does.
"""
