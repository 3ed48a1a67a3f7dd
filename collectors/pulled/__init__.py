"""Pull sources: databases, Google Analytics 4 exports, CRM APIs.

A source is read page by page. Each page carries the cursor of the next one, which is saved only once Kafka has the
page: after an interruption at any point, a source resumes at the first unacknowledged page and repeats at most that
one, with the same ids.
"""
