"""Every rule of a receipt as the question that it asks: yes is a pass."""

from __future__ import annotations

from collections.abc import Mapping

#: The question, by rule. A receipt older or newer than this program may hold rules that are not here.
WORDS: Mapping[str, str] = {
    # fields
    "field.length": "Is it short enough to be read?",
    "field.readable": "Can it be read as what the field holds?",
    "field.in_bounds": "Is it within the product's bounds?",
    "phone.readable": "Can it be read as a telephone number?",
    "phone.exists": "Do the area code and exchange exist?",
    "phone.made_up": "Is it free of patterns that people type to get past a form?",
    "phone.fictional": "Is it a number that somebody can have, not one kept for films?",
    "phone.line_type": "Is it a line of a person, not toll-free, premium or a service?",
    "email.readable": "Can it be read as a mail address?",
    "email.domain_possible": "Can the domain exist?",
    "email.unread": "Is there somebody who reads what is sent to the address?",
    "email.domain_spelling": "Is the domain spelt as its provider spells it?",
    "email.disposable": "Does the provider keep addresses for longer than minutes?",
    "email.domain_takes_mail": "Does the domain take mail, by the DNS?",
    "email.made_up": "Is it an address of a person, not a placeholder?",
    "name.readable": "Can it be read as a name?",
    "name.test_data": "Is it a person's name, not a tester's word?",
    "name.made_up": "Can somebody be called so?",
    "street.readable": "Can it be read as a street address?",
    "city.readable": "Can it be read as a city?",
    "state.readable": "Is it a state or territory?",
    "postal_code.readable": "Can it be read as a ZIP code?",
    "postal_code.exists": "Is there such a ZIP code?",
    "address.state_matches_zip": "Does the ZIP code lie in the state?",
    "address.city_matches_zip": "Is the ZIP code's place called so?",
    "date.readable": "Can it be read as a date, in one way only?",
    "date_of_birth.possible": "Can somebody who fills in forms be born then?",
    "ip.readable": "Is it an IP address?",
    "url.readable": "Is it a web address?",
    "ssn.possible": "Can such a number have been given out?",
    "certificate.form": "Has the certificate the form of one?",
    "source.readable": "Does the source name a web site?",
    # bots
    "bots.honeypot": "Was the field that people cannot see left empty?",
    "bots.user_agent": "Is the browser a person's, by its own word?",
    "bots.seconds_on_form": "Was the form open for as long as a person takes?",
    "bots.webdriver": "Was the browser driven by hand, by its own word?",
    "bots.address": "Does the address belong to a line of people, not to a data centre?",
    "bots.input": "Was the form filled in as people do?",
    "bots.score": "Do all signs together speak for a person?",
    "velocity.known": "Is it known how often these details came lately?",
    "velocity.phone": "Did the phone come with few other people lately?",
    "velocity.email": "Did the mail address come with few other people lately?",
    "velocity.device": "Did the device send few other leads lately?",
    "velocity.address_hour": "Did the address send few other leads in the last hour?",
    "velocity.address_day": "Did the address send few other leads in the last day?",
    # consent
    "consent.present": "Did the consumer's consent come along?",
    "consent.disclosure_present": "Is the text told that the consumer agreed to?",
    "consent.disclosure_approved": "Is the text one that was approved for this seller and site?",
    "consent.names_buyer": "Does the text name the buyer?",
    "consent.time_told": "Is it told when the consumer agreed?",
    "consent.clock": "Was consent given in the past?",
    "consent.age": "Is the consent fresh enough?",
    "consent.ip": "Is it told from which address the consumer agreed?",
    "consent.page": "Is it told on which page the consumer agreed, and is that the source's?",
    "consent.phone": "Was consent given for the phone that is sold?",
    "consent.form_shown": "Was the form shown before it was agreed to?",
    "consent.certificate": "Has the certificate the form of one?",
    "consent.certificate_present": "Did a certificate come along?",
    "consent.certificate_age": "Can the certificate still be claimed?",
    "consent.certificate_site": "Was the certificate made on the source's site?",
    "consent.certificate_match": "Does the certificate belong to this person?",
    # orders
    "order.known": "Is there such an order?",
    "order.active": "Is the order active?",
    "order.started": "Has the order begun?",
    "order.not_over": "Is the order not over yet?",
    "order.required_fields": "Did every field come that the order asks for?",
    "order.states": "Is the state one that the order buys?",
    "order.postal_codes": "Is the ZIP code one that the order buys?",
    "order.criteria": "Does the lead meet the order's criterion?",
    "order.rule": "Does the lead meet the order's rule?",
    "order.lead_age": "Is the lead young enough?",
    "lead_type.form": "Is it the form, long or short, that the order buys?",
    "lead_type.form_declared": "Is the form what it is declared to be?",
    "order.phone_types": "Is the phone a kind of line that this order buys?",
    "lead_type.exclusivity": "Is it sold to as many buyers as the order takes?",
    "lead_type.opt_in": "Did the consumer opt in as the order asks?",
    "lead_type.own": "Was it collected by whom it came from: a seller, or the buyer's own site?",
    "lead_type.incentivized": "Is the incentive one that the order takes?",
    "schedule.open": "Does the order buy at this hour?",
    "source.allowed": "Is the source one that the order buys from?",
    "likeness.not_bought_before": "Was nobody bought before who is much like this person, within the order's window?",
    "suppression.not_listed": "Is the person on none of the lists of those whom the buyer does not buy?",
    "likeness.compared": "Was every person who may be this one compared before this lead was to be bought?",
    "phone.not_bought_before": "Was the phone not bought before, within the order's window?",
    "email.not_bought_before": "Was the mail address not bought before, within the order's window?",
    "phone.claimed": "Was the phone still not bought when this lead was to be?",
    "email.claimed": "Was the mail address still not bought when this lead was to be?",
    "price.known": "Has the order a price for such a lead?",
    "price.bid": "Is it paid as was bid?",
    "bid.token": "Is the token that of a bid in force, made to this seller?",
    "bid.matches": "Is it the lead that was pinged?",
    "bid.held": "Was the bid still held for this lead?",
    "price.source": "Has the order a price of its own for this source?",
    "price.rule": "Does the price rule apply?",
    "price.bounds": "Is the price within the order's bounds?",
    "pacing.turn": "Is it time for the order's next lead?",
    "pacing.pace": "Was it still time for the order's next lead when this one was to be bought?",
    "pacing.day": "Does the order's even spread over the day leave room by now?",
}

#: Of details that an order joins to recognise a person by.
_OF_JOINED = {
    "not_bought_before": "Was nobody with this {} bought before, within the order's window?",
    "claimed": "Was still nobody with this {} bought when this lead was to be?",
}


def words(rule: str) -> str:
    """The rule as a question; its name, where this program does not know it."""
    if rule.startswith("capacity."):
        limit = rule.removeprefix("capacity.")
        whose = "order's limit for this source, of the" if limit.startswith("source_") else "order's"
        return f"Is there room under the {whose} {limit.removeprefix('source_').replace('_', ' limit of ')}?"
    detail, _, asked = rule.partition(".")
    if "+" in detail and asked in _OF_JOINED:
        return _OF_JOINED[asked].format(detail.replace("_", " ").replace("+", " and "))
    return WORDS.get(rule, rule)
