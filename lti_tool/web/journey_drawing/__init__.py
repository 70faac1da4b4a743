"""A pair's journey as a drawing: two strands, which meet where the two people meet.

The mentor's strand is above (or on the left), the mentee's below (or on the right). What is drawn comes from dates and
states alone (:mod:`facts`), by pure functions: the large drawing (:mod:`timeline`), the one for a phone
(:mod:`steps`), the small one in a table (:mod:`sparkline`) and the one at completion (:mod:`ring`). They return
numbers and path strings; the macros of ``templates/journey_drawing/`` make SVG of them, with classes and SVG attributes
only, because the content policy allows no style attribute.
"""
