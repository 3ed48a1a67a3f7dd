// The four boards: what each shows, in its order. Titles come from the language files.
export const BOARDS = {
  sales: [
    { tiles: ["closed_won_value", "closed_won_deals", "win_rate", "pipeline_velocity", "sales_cycle_days", "open_pipeline_value", "speed_to_lead", "touches_to_close"] },
    { panels: ["funnel", "stages"] },
    { panels: ["owners", "winsBySource", "winsByPipeline"] },
    { title: "section.follow_up", small: true, tiles: ["lead_abandonment_rate", "follow_ups_per_lead", "lead_to_opportunity_rate", "closed_lost_deals", "win_rate_value"] },
  ],
  marketing: [
    { tiles: ["visitors", "leads", "traffic_to_lead_rate", "new_customers", "customer_acquisition_cost", "marketing_roi", "landing_page_conversion_rate", "clicks_without_conversion_rate"] },
    { panels: ["attribution", "channels"] },
    { title: "section.email", small: true, tiles: ["email_open_rate", "email_click_rate", "email_bounce_rate", "email_unsubscribe_rate", "email_complaint_rate"] },
    { title: "section.social", small: true, tiles: ["social_interactions", "social_engagement_rate", "social_sentiment", "signups", "form_abandonment_rate"] },
  ],
  success: [
    { tiles: ["customer_retention_rate", "customer_churn_rate", "renewal_rate", "mrr", "net_new_mrr", "customer_lifetime_value", "customer_effort_score", "csat"] },
    { panels: ["mrr", ["nps", "tiers"]] },
    { panels: ["risk", "cohorts"] },
    { title: "section.service", small: true, tiles: ["active_customers", "churned_customers", "tickets_opened", "ticket_resolution_hours", "customer_engagement_score", "stickiness"] },
    { panels: ["rfm", "revenueBySource", "revenueByCountry"] },
  ],
  ops: [
    { panels: ["lag", "tenants"] },
    { panels: ["workers", "verify"] },
    { panels: ["letters", "quarantine"] },
    { title: "section.stream", tiles: ["received", "late_rate", "duplicate_rate", "conflict_rate", "invalid_rate", "rejected_rate", "unpriced_rate", "bot_rate"] },
  ],
};
