"""Bound forms over marshmallow's schemas, and the macros that show them. See “A form” in docs/architecture.md.

``bound.Form`` joins a schema with what is to be shown or was sent; ``templates/forms/_form.html`` has the macros.
"""
