"""What an event causes, in the transaction of the event: one module for each consequence.

:mod:`lti_tool.composition.subscribers` lists them in their order; nothing else knows them.
"""
