"""Where events come from: HTTP, webhooks, exports of other systems. What they send is made into events of ours."""
