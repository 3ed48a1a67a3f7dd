"""The contribution of each kind of group, as functions of a tenant that do not change its facts."""
