/** The API's types by their short names; schema.ts is generated from the OpenAPI document. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Text = Record<string, string>;
export type Problem = Schemas["Problem"];
export type Me = Schemas["Me"];
export type AssetOut = Schemas["AssetOut"];
export type AssetDetail = Schemas["AssetDetail"];
export type DeviceOut = Schemas["DeviceOut"];
export type SignalOut = Schemas["SignalOut"];
export type MapOut = Schemas["MapOut"];
export type MapAsset = Schemas["MapAsset"];
export type PlaceOut = Schemas["PlaceOut"];
export type Commissioning = Schemas["Commissioning"];
export type CommissionedDevice = Schemas["CommissionedDevice"];
export type Implausible = Schemas["Implausible"];
export type SignOffForm = Schemas["SignOffForm"];
export type SignOffOut = Schemas["SignOffOut"];
export type WithdrawalForm = Schemas["WithdrawalForm"];
export type MeterOut = Schemas["MeterOut"];
export type Consumption = Schemas["Consumption"];
export type Taken = Schemas["Taken"];
export type ReadingForm = Schemas["ReadingForm"];
export type ResourceBalance = Schemas["ResourceBalance"];
export type EdgeOut = Schemas["EdgeOut"];
export type Series = Schemas["Series"];
export type IncidentOut = Schemas["IncidentOut"];
export type SuppressionOut = Schemas["SuppressionOut"];
export type Shelve = Schemas["Shelve"];
export type Suppress = Schemas["Suppress"];
export type DeadlineOut = Schemas["DeadlineOut"];
export type AppealOut = Schemas["AppealOut"];
export type EvidenceOut = Schemas["EvidenceOut"];
export type TimelineEntry = Schemas["TimelineEntry"];
export type CaseRow = Schemas["CaseRow"];
export type CaseDetail = Schemas["CaseDetail"];
export type ContestForm = Schemas["ContestForm"];
export type HandOver = Schemas["HandOver"];
export type RouteOut = Schemas["RouteOut"];
export type Trial = Schemas["Trial"];
export type ClockVerb = Schemas["ClockVerb"];
export type CaseVerb = Schemas["CaseVerb"];
export type CommandIn = Schemas["CommandIn"];
export type CommandOut = Schemas["CommandOut"];
export type CategoryOut = Schemas["CategoryOut"];
export type AppealReceipt = Schemas["AppealReceipt"];
export type AppealStatus = Schemas["AppealStatus"];
export type Feedback = Schemas["Feedback"];

export type Priority = CaseRow["priority"];
export type CaseState = CaseRow["state"];
export type Verb = "accept" | "resolve" | "close" | "overrule" | "reopen";

/** What the WebSocket says, told apart by `kind`. */
export type Hello = Schemas["Hello"];
export type Change = Schemas["Change"];
export type Values = Schemas["Values"];
export type Pulse = Schemas["Pulse"];
export type LiveMessage = Hello | Change | Values | Pulse;
export type Subscribe = Schemas["Subscribe"];
export type ClassifyForm = Schemas["ClassifyForm"];
export type MergeForm = Schemas["MergeForm"];
export type SeparateForm = Schemas["SeparateForm"];
