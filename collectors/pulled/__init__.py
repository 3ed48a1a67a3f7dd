"""Sources that are pulled: databases, files of Google Analytics 4, APIs of CRM systems.

A source is read page by page. Each page says where the next one begins, and is told only once Kafka has the page: so a
source that is stopped at any moment goes on with a page that was not taken, and repeats at most that one, with the
same ids.
"""
