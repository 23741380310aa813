export { deliver, type Delivery, type DeliveryOptions, type Letter } from "./deliver.ts";
export { readReceiver, receiverKey, secretOf, type Receiver } from "./receiver.ts";
