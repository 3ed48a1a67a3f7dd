// Panels that are one vector each: interactions by channel, RFM segments, engagement tiers.
import { t } from "../i18n.js";
import { ranking } from "./ranking.js";

export const channels = () => ranking("engagement_by_channel", "channel", { title: t("panel.channels") });
export const rfm = () => ranking("rfm_segment", "rfm", { title: t("panel.rfm") });
export const tiers = () => ranking("engagement_tier", "tier", { title: t("panel.tiers") });
export const owners = () => ranking("closed_won_value", "owner", { title: t("panel.owners") });
