"""What a planner sees: the Folium skeleton, score tiles, our own base map, pages, and the stand-alone file.

Data never travels through Folium, which runs the strings it is given as templates: the skeleton carries settings only,
and the page fetches everything else as JSON and shows it with ``textContent``.
"""
