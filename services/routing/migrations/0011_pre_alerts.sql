-- Alerts of clocks reach people of a team over the same deliveries as leads reach systems.

ALTER TABLE routing.delivery
    DROP CONSTRAINT delivery_channel_check,
    DROP CONSTRAINT delivery_purpose_check,
    ADD CONSTRAINT delivery_channel_check CHECK (
        channel IN ('email', 'text', 'call', 'webhook', 'adf_email', 'adf_post', 'csv', 'alert_email', 'alert_webhook')
    ),
    ADD CONSTRAINT delivery_purpose_check CHECK (purpose IN ('confirmation', 'follow_up', 'reply', 'lead', 'alert'));

-- What an alert is about: clocks that passed a point at one instant.
CREATE INDEX sla_reminded ON routing.sla (buyer_id, reminded_at) WHERE reminded_at IS NOT NULL;
CREATE INDEX sla_breached ON routing.sla (buyer_id, breached_at) WHERE breached_at IS NOT NULL;
