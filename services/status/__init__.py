"""Status: know before the users do whether one can work on this hub.

Checks do what a user would do, at intervals, and their results are kept, shown,
counted and told to whoever wants to know. Read on in this order:

model        a result, its code and its stages; what is wrong with an old one
checks       what is looked at: one class for each kind of check
runner       one check, run: time limit, errors in words, cleaning up
schedule     which check is due, and who runs it (decided here)
scheduler    … and done here; lease: so that one replica does, and no other
tables       what is kept
plan, results, store    how it is read and written; asking: what they share
incidents    when something is broken, and when it works again
news         what of that is worth telling; channels: how; outbox: until it is done
notices      what admins announce
history      a result, and all that follows from it, in one transaction
summary      from results to words: overall state, days, uptime
tally        what is counted; metrics, hubmetrics: what Prometheus reads
views, chart, feeds, handlers, api, openapi    what is shown, and to whom
egi, nagios, once    one run from the command line, for other monitors
settings     what one can set
access       connections that all checks share; trust: whose certificates they believe
background   work that goes on, also after a failure
app          routes, and life
"""
