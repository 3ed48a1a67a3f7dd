// A leaderboard of one dimension as a panel of a board.
import { kpiTitle, t } from "../i18n.js";
import { panel } from "../panel.js";
import { bars, rowsOf, columnsOf } from "../leaderboard.js";
import { noneOf, segments, windowFoot } from "./segments.js";

/** The values of `dimension` of a KPI, largest first. */
export function ranking(kpi, dimension, { size = "third", title = null, limit = 8 } = {}) {
  const name = title ?? t("ranking.title", { kpi: kpiTitle(kpi), dimension: t(`dimension.${dimension}`).toLocaleLowerCase() });
  return panel({ title: name, name: `${kpi}_by_${dimension}`, size: `${size} stretch`, load: (signal) => segments(kpi, signal), draw: (found) => draw(found, kpi, dimension, limit) });
}

function draw({ dimensions, total, window }, kpi, dimension, limit) {
  const rows = rowsOf(dimensions[dimension] ?? [], total, kpi);
  if (!rows.length) return { note: noneOf({ total }) };
  const first = rows[0];
  return {
    takeaway: first.share === null ? "" : t("ranking.takeaway", { name: first.name, share: first.shareText }),
    chart: bars(rows.slice(0, limit), { kpi, dimension }), rows, columns: columnsOf(dimension, rows), foot: windowFoot(window),
  };
}
