"""What an action is called, computed anew from what was decided: config/contract/identity.c says the rule, this is the rule again."""
import hashlib


def _fields(decision):
    invoices = sorted(decision["invoices"], key=lambda named: (named["ns"], named["invoice"], named.get("cycle", 1)))
    yield decision["debtor"]
    yield len(invoices)
    for named in invoices:
        yield named["ns"]
        yield named["invoice"]
        yield ("listed " if named.get("listed") else "") + str(named.get("cycle", 1))
    yield decision["step"]
    yield decision.get("repetition", 1)
    yield decision["channel"]
    yield decision.get("attempt", 1)
    yield decision.get("amount_cents", 0)


def action_id(decision, shard):
    texts = [str(field).encode() for field in _fields(decision)]
    hashed = b"".join(len(text).to_bytes(4, "big") + text for text in texts)
    return f"{shard:04x}{hashlib.sha256(hashed).hexdigest()[:32]}"
