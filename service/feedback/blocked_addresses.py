"""From where a workspace takes nothing, or nothing unread: e-mail addresses, domains, networks."""
