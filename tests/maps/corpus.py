"""Names that must show as exactly themselves, wherever they come in."""

HOSTILE = "{{ 7*7 }}<img src=x onerror=alert(1)>"

PAYLOADS = (
    HOSTILE,
    "{{7*7}}",
    "{% for x in range(49) %}x{% endfor %}",
    "{# gone #}here",
    "${7*7}",
    "`${alert(1)}`",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"); alert(1); ("',
    "'); alert(1); ('",
    "\\u003cimg src=x onerror=alert(1)\\u003e",
    "&lt;b&gt; &amp; &#60;",
    "</style><style>*{display:none}</style>",
    "javascript:alert(1)",
    "<!--<script>",
    "line\u2028separator\u2029 and \u0000 nul",
    "Åre Österåsen Ørsted ᏣᎳᎩ 🫐",
)
