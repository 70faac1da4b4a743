"""Reverse-mentoring facts as xAPI statements: build, validate, deliver.

This package is usable alone: it needs tincan and requests, and neither a web framework nor a database.

- ``xapi.statements`` turns a fact into a statement whose bytes never change afterwards;
- ``xapi.validation`` refuses a statement that breaks the rules we hold ourselves to;
- ``xapi.client`` sends requests to a Learning Record Store (LRS), ``xapi.delivery`` decides what each answer means;
- ``xapi.profile`` is the vocabulary, published as an xAPI profile.

The specification is xAPI 1.0.3: https://github.com/adlnet/xAPI-Spec
"""
